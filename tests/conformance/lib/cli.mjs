// The command line, as an operator uses it.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../artifacts/cli/gatehouse-cli');
const run = promisify(execFile);

/** A function that runs `gatehouse …` against the server with this data directory and returns its answer as JSON; rejects when it fails. */
export const commandLine = data => async (...args) => JSON.parse((await run(program, ['--data', data, '--json', ...args])).stdout);

/** The same as a device runs it: it has no data directory and no connection string. */
export const onDevice = async (...args) => JSON.parse((await run(program, ['--json', ...args])).stdout);
