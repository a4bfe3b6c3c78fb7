interface Reason {
  readonly text: string;
}

function fail(reason: Reason): never {
  throw new Error(reason.text);
}

setTimeout(() => fail({ text: 'at its line in TypeScript' }), 400);
