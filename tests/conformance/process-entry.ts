import process from 'node:process'
import { openProcess } from '../../functions/_adapters/process.ts'
import { conformance } from './handler.ts'

const { env, close } = openProcess(process.env)
const response = await conformance(env)
console.log(await response.text())
await close()
