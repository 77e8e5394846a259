import { env } from '../../functions/_adapters/workerd.ts'
import { conformance } from './handler.ts'

export { VisitCounter } from '../../functions/_adapters/workerd.ts'

export default { fetch: () => conformance(env) }
