// What benchmarks/api.py compares with: fastify and Mercurius with its JIT, serving lists from a JSON file.
//   node server.js DATA.json PORT
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const [data, port] = process.argv.slice(2)
const { schema, lists } = JSON.parse(readFileSync(data, 'utf8'))

const resolvers = {
  Query: {
    recommendations: (_, { userId, first }) => ({ nodes: (lists[userId] ?? []).slice(0, first) })
  },
  Recommendation: {
    reasons: ({ reasons }, { first }) => (first < 3 ? reasons.slice(0, first) : reasons)
  }
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, jit: 1 })
await app.listen({ host: '127.0.0.1', port: Number(port) })
