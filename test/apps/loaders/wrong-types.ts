const word: string = 42;
console.log(word);
