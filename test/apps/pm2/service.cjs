// What pm2 runs: a service.
const http = require('node:http');

http.createServer((_request, response) => response.end(`${process.env.NODE_APP_INSTANCE}\n`)).listen(0, '127.0.0.1');
