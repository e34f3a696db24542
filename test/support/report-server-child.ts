import { openReportServer } from './report-server.ts';

/** A server in a process of its own, to be killed: `node report-server-child.ts <database> <port> <device>...` */
const [path = '', port = '0', ...devices] = process.argv.slice(2);
const server = await openReportServer({ path, port: Number(port), devices });
process.stdout.write(`${server.broker.port}\n`);
