export { classify } from './classify.ts';
export { drilled, isRaised, writeDrill } from './drill.ts';
export { describeReason } from './describe.ts';
export { averagePressure, trend } from './trend.ts';
export { isConfirming, writeVerdict, type ClassifierMemory, type Verdict } from './verdict.ts';
