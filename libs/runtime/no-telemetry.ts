/**
 * Imported before ONNX Runtime is loaded. From 1.29 on its builds for Linux and macOS send names, sizes and hashes of
 * the models that are opened to their maker, and keep a number of the device in the user's folder, unless this is set
 * before the first model is opened. Whoever wants that has to say so, with ORT_DISABLE_TELEMETRY=0. Threads have a copy
 * of the environment that native code does not see: a program's first thread imports this room.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
