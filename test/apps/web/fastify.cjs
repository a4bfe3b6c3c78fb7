const fastify = require('fastify');

const app = fastify({ logger: true });
app.get('/', () => Promise.resolve({ hello: 'world' }));
app.get('/stream', (request, reply) => reply.type('text/plain').send(require('node:fs').createReadStream(__filename)));
app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
// nothing is written to the console: the logger writes later, and the order would be chance
process.once('SIGTERM', () => void app.close());
