import Fastify from 'fastify';

const app = Fastify({ logger: true });
const name = { type: 'object', properties: { name: { type: 'string', minLength: 2 } }, required: ['name'] };
app.get('/', async () => ({ hello: 'world' }));
app.post('/users', { schema: { body: name } }, async (request, reply) => reply.code(201).send(request.body));
app.get('/fails', async () => {
  throw new Error('as it should');
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
// nothing is written to the console: the logger writes later, and the order would be chance
process.once('SIGTERM', () => void app.close());
