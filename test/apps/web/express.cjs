const express = require('express');

const app = express();
app.use(express.json());
app.get('/', (request, response) => response.send('<h1>hello</h1>'));
app.get('/users/:name', (request, response) => response.json({ name: request.params.name, query: request.query }));
app.post('/echo', (request, response) => response.status(201).json(request.body));
app.get('/fails', () => {
  throw new Error('as it should');
});
const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`listening at ${JSON.stringify(server.address())}`);
});
process.once('SIGTERM', () => server.close(() => console.log('closed')));
