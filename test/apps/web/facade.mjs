// Bundled into one file by the tests: the façade of Plimsoll is inside the bundle, the agent is not.
import express from 'express';
import { monitor, onPressure, start } from 'plimsoll';

const app = express();
onPressure('change', () => {});
if (process.argv.includes('--start')) start();
app.get('/', (request, response) => response.send('hello'));
app.get('/level', (request, response) => response.json({ level: monitor.status().assessment.level }));
app.get('/available', (request, response) => response.json(monitor.status().available));
const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
process.once('SIGTERM', () => server.close(() => console.log('closed')));
