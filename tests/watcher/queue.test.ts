import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jobsFolder } from '../../functions/_adapters/jobs-folder.ts'
import { STACK } from './fake-programs.ts'
import {
  API_IMAGE,
  aJob,
  commitOf,
  FRONTEND_IMAGE,
  logOf,
  put,
  readJob,
  shown,
  statesOf,
} from './job-files.ts'
import { isAlive, pidsIn, until } from './until.ts'
import { aHouse, startWatcher, watchHere } from './watching.ts'

const SETPRIV = '/usr/bin/setpriv'

describe('watch', () => {
  test('deploys a queued job: Docker gets its words, its images and the stack of its commit', async () => {
    const house = await aHouse()
    const job = aJob(1)
    await jobsFolder(house.folder)(job)

    startWatcher(house)
    await until('the job is done', () => statesOf(house.folder, job).includes('done'))

    const head = 'refs/remotes/origin/main'
    expect(house.programs.calls()).toEqual([
      ['git', 'fetch', '--quiet', '--no-tags', 'origin', `+refs/heads/main:${head}`],
      ['git', 'merge-base', '--is-ancestor', commitOf(1), head],
      ['git', 'show', `${commitOf(1)}:swarm/stack.yaml`],
      [
        ...['docker', 'stack', 'deploy', '--compose-file', '-', '--with-registry-auth'],
        ...['--detach=true', 'dockerswarmp1'],
      ],
    ])
    expect(house.programs.deployed()).toEqual([
      { api: API_IMAGE, frontend: FRONTEND_IMAGE, input: STACK },
    ])
  })

  test('files a deployed job in done alone, with its outcome and a log of every command', async () => {
    const house = await aHouse()
    const job = aJob(1)
    put(house.folder, 'new', job)

    await watchHere(house, { once: true }).ended

    expect(statesOf(house.folder, job)).toEqual(['done'])
    expect(readJob(house.folder, 'done', job)).toEqual({
      ...job,
      outcome: {
        state: 'done',
        reason: `Docker took the stack of ${commitOf(1)}`,
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    })
    const log = logOf(house.folder, job).split('\n')
    expect(log.filter((line) => line.startsWith('$ '))).toHaveLength(4)
    expect(log).toContain('services:')
  })

  test('fails a job with the last words of Docker as the reason, and goes on', async () => {
    const house = await aHouse()
    house.programs.behave('docker', 'echo first >&2; echo "no such network" >&2; exit 9')
    put(house.folder, 'new', aJob(1))
    watchHere(house)
    await until('job 1 failed', () => statesOf(house.folder, aJob(1)).includes('failed'))

    house.programs.behave('docker', '')
    put(house.folder, 'new', aJob(2))
    await until('job 2 is done', () => statesOf(house.folder, aJob(2)).includes('done'))

    expect(readJob(house.folder, 'failed', aJob(1)).outcome).toMatchObject({
      state: 'failed',
      reason: 'docker stack ended with 9: first\nno such network',
    })
    expect(statesOf(house.folder, aJob(1))).toEqual(['failed'])
  })

  test('stops at the first command that fails: Docker is not reached', async () => {
    const house = await aHouse()
    house.programs.behave('git', '[ "$1" = merge-base ] && exit 1')
    put(house.folder, 'new', aJob(1))

    await watchHere(house, { once: true }).ended

    expect(readJob(house.folder, 'failed', aJob(1)).outcome?.reason).toBe(
      'git merge-base ended with 1',
    )
    expect(house.programs.calls().map(([program, word]) => `${program} ${word}`)).toEqual([
      'git fetch',
      'git merge-base',
    ])
  })

  test('fails a job when a program is missing, also under Bun', async () => {
    const house = await aHouse()
    rmSync(join(house.programs.folder, 'docker'))
    // A real Docker must not be found instead, so the PATH holds next to nothing else.
    if (existsSync(SETPRIV)) symlinkSync(SETPRIV, join(house.programs.folder, 'setpriv'))
    put(house.folder, 'new', aJob(1))

    const { code } = await startWatcher(house, ['--once'], { PATH: house.programs.folder }).ended

    expect(code).toBe(0)
    expect(readJob(house.folder, 'failed', aJob(1)).outcome?.reason).toMatch(
      /^docker stack .*not found/,
    )
    expect(house.programs.calls()).toHaveLength(3)
  })

  test('fails a job whose step hangs when its limit is over, and leaves no process', async () => {
    const house = await aHouse()
    const pids = join(house.programs.folder, 'pids')
    house.programs.behave('docker', `sleep 300 & echo $! >> ${pids}; echo $$ >> ${pids}; wait`)
    put(house.folder, 'new', aJob(1))

    await startWatcher(house, ['--once'], { STEP_TIMEOUT_SECONDS: '2' }).ended

    expect(readJob(house.folder, 'failed', aJob(1)).outcome?.reason).toBe(
      'docker stack took longer than 2 s',
    )
    expect(pidsIn(pids)).toHaveLength(2)
    await until('both are gone', () => !pidsIn(pids).some(isAlive))
  })

  test('deploys the newest of several queued jobs and files the others as superseded by it', async () => {
    const house = await aHouse()
    put(house.folder, 'new', aJob(2), aJob(12), aJob(1), aJob(3))

    await watchHere(house, { once: true }).ended

    expect(house.programs.calls()).toContainEqual([
      'git',
      'show',
      `${commitOf(12)}:swarm/stack.yaml`,
    ])
    expect(house.programs.deployed()).toHaveLength(1)
    expect(statesOf(house.folder, aJob(12))).toEqual(['done'])
    for (const older of [aJob(1), aJob(2), aJob(3)]) {
      expect(statesOf(house.folder, older)).toEqual(['superseded'])
      expect(readJob(house.folder, 'superseded', older)).toMatchObject({
        commit: older.commit,
        outcome: { state: 'superseded', by: aJob(12).id },
      })
    }
  })

  test('coalesces what was queued during a deploy', async () => {
    const house = await aHouse()
    const go = join(house.programs.folder, 'go')
    house.programs.behave('docker', `while ! [ -e ${go} ]; do sleep 0.02; done`)
    put(house.folder, 'new', aJob(1))
    watchHere(house)
    await until('Docker was called', () => house.programs.deployed().length === 1)

    put(house.folder, 'new', aJob(2), aJob(3))
    writeFileSync(go, '')
    await until('job 3 is done', () => statesOf(house.folder, aJob(3)).includes('done'))

    expect([1, 2, 3].map((n) => statesOf(house.folder, aJob(n)))).toEqual([
      ['done'],
      ['superseded'],
      ['done'],
    ])
    expect(house.programs.deployed()).toHaveLength(2)
  })

  test('prints the commands in a dry run and starts no program', async () => {
    const house = await aHouse()
    put(house.folder, 'new', aJob(1))

    const watcher = startWatcher(house, ['--dry-run', '--once'])
    await watcher.ended

    expect(watcher.output()).toContain(`would run: API_IMAGE=${API_IMAGE} FRONTEND_IMAGE=`)
    expect(house.programs.calls()).toEqual([])
    expect(readJob(house.folder, 'done', aJob(1)).outcome?.reason).toBe('Dry run, nothing deployed')
  })

  test('leaves files alone that are no *.json, hidden ones and those of NFS', async () => {
    const house = await aHouse()
    const others = [
      '.20261123T144059123Z-0000aaaa.json',
      '.nfs00000001',
      'a.json.tmp',
      'A.JSON',
      'b',
    ]
    for (const name of others) writeFileSync(join(house.folder, 'new', name), name)
    mkdirSync(join(house.folder, 'new', '.json'))
    put(house.folder, 'new', aJob(1))

    await watchHere(house, { once: true }).ended

    expect(statesOf(house.folder, aJob(1))).toEqual(['done'])
    expect(shown(house.folder, 'new').sort()).toEqual(['A.JSON', 'a.json.tmp', 'b'])
    expect(shown(house.folder, 'failed')).toEqual([])
  })

  test('refuses an option that it does not know, and variables that are wrong', async () => {
    const house = await aHouse()

    const option = startWatcher(house, ['--onse'])
    const variable = startWatcher(house, [], { DEPLOY_BRANCH: '$(id)' })
    const codes = [(await option.ended).code, (await variable.ended).code]

    expect(codes).toEqual([1, 1])
    expect(option.output()).toContain('unknown option --onse')
    expect(variable.output()).toContain('DEPLOY_BRANCH')
  })
})
