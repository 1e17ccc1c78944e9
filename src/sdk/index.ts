export { type Connection, connect, type StyrminClient } from './client.ts'
