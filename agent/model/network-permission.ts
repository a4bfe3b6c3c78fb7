type Runtime = Pick<NodeJS.Process, 'permission' | 'allowedNodeEnvironmentFlags'>;

/** Node.js throws the denial (from 25 on) out of a later turn, where it would end the application. */
export function mayUseNetwork(runtime: Runtime = process): boolean {
  // undefined without --permission, whatever its type says
  const permission = runtime.permission as Runtime['permission'] | undefined;
  if (permission === undefined || !runtime.allowedNodeEnvironmentFlags.has('--allow-net')) return true;
  return permission.has('net');
}
