// `assay …` in the image, where everything is built already and nothing may be written.
import { main } from '../dist/services/cli/main.js';

process.exitCode = await main(process.argv.slice(2));
