import { defineConfig } from 'vitest/config'

/** Against a lab that is up and deployed (`just lab-up lab-deploy`); one test after the other. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
})
