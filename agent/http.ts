/** `plimsoll/http`: the memory and cache routes of this process, to mount in the application's own server. */
export { handler, type HandlerOptions, type MountedHandler } from '../exporters/mounted/handler.ts';
