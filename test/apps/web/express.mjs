import express from 'express';

const app = express();
app.use(express.static(import.meta.dirname, { index: false }));
app.get('/', async (request, response) => {
  const chunks = await Promise.resolve(['one', 'two', 'three']);
  for (const chunk of chunks) response.write(chunk);
  response.end();
});
app.get('/fails', async () => {
  throw new Error('as it should');
});
const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
process.once('SIGTERM', () => server.close(() => console.log('closed')));
