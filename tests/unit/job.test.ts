import { describe, expect, it } from 'vitest'
import {
  checkJob,
  formatJob,
  isBranch,
  isRepository,
  type Job,
  newJobId,
  parseJob,
} from '../../functions/_lib/job.ts'

const job: Job = {
  id: '20261123T144059123Z-0123abcd',
  delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  event: 'push',
  repository: 'octo-org/hello-world',
  ref: 'refs/heads/main',
  commit: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
  images: { api: `ghcr.io/octo-org/hello-world/api@sha256:${'a'.repeat(64)}` },
  who: 'github-actions[bot]',
  when: '2026-11-23T14:40:59.123Z',
}

describe('parseJob', () => {
  it('reads what formatJob wrote, with and without what the watcher adds', () => {
    const ended: Job = {
      ...job,
      interruptions: 2,
      outcome: { state: 'superseded', reason: 'By a newer one', at: job.when, by: job.id },
    }

    expect(parseJob(formatJob(job))).toEqual(job)
    expect(parseJob(formatJob(ended))).toEqual(ended)
  })

  it('drops fields that a job does not have', () => {
    expect(parseJob(JSON.stringify({ ...job, shell: 'rm -rf /' }))).toEqual(job)
  })

  it('names every wrong field at once and quotes none', () => {
    const wrong = { ...job, id: '../etc', commit: 'HEAD', ref: 'refs/heads/$(id)', who: '`id`' }

    const read = () => parseJob(JSON.stringify(wrong))

    expect(read).toThrow(/id like .*ref like .*commit like .*who like /)
    expect(read).not.toThrow(/etc|HEAD|\$\(id\)|`id`/)
  })

  it.each(['', 'null', '[]', '"job"', '{', '{}', 'x'.repeat(20_000)])('refuses %j', (text) => {
    expect(() => parseJob(text)).toThrow(/^Cannot read job: wanted /)
  })
})

describe('checkJob', () => {
  const digest = `sha256:${'a'.repeat(64)}`

  it.each([
    ['commit', '0'.repeat(40)],
    ['commit', 'A'.repeat(40)],
    ['commit', `${job.commit}\n`],
    ['id', `${job.id}.json`],
    ['id', `${job.id}/..`],
    ['delivery', '../up'],
    ['delivery', '.hidden'],
    ['delivery', 'd'.repeat(101)],
    ['event', 'Push'],
    ['repository', 'octo-org'],
    ['repository', 'octo-org/..'],
    ['repository', 'octo-org/a/b'],
    ['ref', 'refs/tags/v1'],
    ['ref', 'refs/heads/-x'],
    ['ref', 'refs/heads/a..b'],
    ['ref', 'refs/heads/a b'],
    ['ref', 'refs/heads/a;id'],
    ['ref', 'refs/heads/a\n'],
    ['ref', 'refs/heads/a.lock'],
    ['who', '-x'],
    ['who', 'a\u001b[2J'],
    ['when', 'now'],
    ['interruptions', -1],
    ['interruptions', '1'],
    ['outcome', { state: 'new', reason: '', at: job.when }],
    ['outcome', { state: 'done', reason: '', at: 'then' }],
    ['images', []],
    ['images', { other: `ghcr.io/octo-org/hello-world/other@${digest}` }],
    ['images', { api: 'ghcr.io/octo-org/hello-world/api:latest' }],
    ['images', { api: `ghcr.io/octo-org/hello-world/api:v1@${digest}` }],
    ['images', { api: `ghcr.io/octo-org/../mallory/api@${digest}` }],
    ['images', { api: `--flag/x@${digest}` }],
    ['images', { api: `ghcr.io/a/b@${digest}\n` }],
  ])('refuses %s %j', (field, value) => {
    expect(() => checkJob({ ...job, [field]: value })).toThrow(new RegExp(`wanted ${field}`))
  })

  it.each(['ghcr.io/a/b/api', 'registry.example:5000/a/api', 'localhost:5000/a/b__c/api'])(
    'accepts an image of %s',
    (name) => {
      const images = { api: `${name}@${digest}` }

      expect(checkJob({ ...job, images }).images).toEqual(images)
    },
  )
})

describe('newJobId', () => {
  it('sorts by time and differs within the same millisecond', () => {
    const [first, second] = [newJobId(new Date(job.when)), newJobId(new Date(job.when))]
    const later = newJobId(new Date('2026-11-23T14:40:59.124Z'))

    expect(first).toMatch(/^20261123T144059123Z-[0-9a-f]{8}$/)
    expect(second).not.toBe(first)
    expect([later, first].sort()).toEqual([first, later])
  })
})

describe('isBranch and isRepository', () => {
  it('take what GitHub takes and a shell would leave alone', () => {
    expect(['main', 'release/1.2', 'a_b-c', '1.x'].map(isBranch)).toEqual([true, true, true, true])
    expect(
      ['', '-a', 'a b', 'a..b', '/a', 'a/', 'a//b', 'a.', '$(x)', 'a/.b'].filter(isBranch),
    ).toEqual([])
    expect(['o/r', 'o-o/r.r_r'].map(isRepository)).toEqual([true, true])
    expect(['o', 'o/', '/r', '-o/r', 'o/r/x', 'o/..', 'o /r'].filter(isRepository)).toEqual([])
  })
})
