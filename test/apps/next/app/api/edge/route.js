export const runtime = 'edge';

export function GET() {
  return Response.json({ runtime: typeof EdgeRuntime, agent: Symbol.for('plimsoll.agent.v1') in globalThis });
}
