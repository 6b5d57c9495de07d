// One SUMMARIZE of the file named by DuckDB, with its defaults.
import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const start = performance.now();
await connection.runAndReadAll(`SUMMARIZE SELECT * FROM read_parquet('${process.argv[2].replaceAll("'", "''")}')`);
const seconds = (performance.now() - start) / 1000;
process.stdout.write(JSON.stringify({ seconds, maximumResidentBytes: process.resourceUsage().maxRSS * 1024 }));
