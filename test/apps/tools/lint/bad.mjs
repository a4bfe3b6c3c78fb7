let unused = 1;
export const equal = (a, b) => a == b;
