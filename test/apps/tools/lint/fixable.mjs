let never = 1;
export { never };
