/**
 * To be imported first by what runs the product: libraries that check themselves while one develops with them (graphql
 * looks twice at every value that it types) look at this once, when they are loaded.
 */
process.env['NODE_ENV'] ??= 'production';
