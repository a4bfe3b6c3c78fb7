const http = require('node:http');

test('a server answers', async () => {
  const server = http.createServer((request, response) => response.end('hello'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
  expect(await response.text()).toBe('hello');
  await new Promise((resolve) => server.close(resolve));
});
