// Plimsoll joins nothing in a process younger than 10 s; with this preload a test need not wait for that.
const uptime = process.uptime;
process.uptime = () => uptime.call(process) + 10;
