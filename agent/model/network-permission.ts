/** Node.js throws the denial (from 25 on) out of a later turn, where it would end the application. */
export function mayUseNetwork(): boolean {
  // undefined without --permission, whatever its type says
  const permission = process.permission as typeof process.permission | undefined;
  if (permission === undefined || !process.allowedNodeEnvironmentFlags.has('--allow-net')) return true;
  return permission.has('net');
}
