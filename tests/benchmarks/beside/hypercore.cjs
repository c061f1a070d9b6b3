// One process of a fleet: an append-only log that spreads over plain TCP links. It speaks as tests/benchmarks/propagation
// does: READY with the log's key, P when it publishes, V when a block is here, times in unix seconds.
// node hypercore.cjs FOLDER INDEX KEY|- BASE_PORT NEIGHBOURS   (lower indexes are dialled; NODE_PATH names the modules)
const net = require('net')
const path = require('path')
const readline = require('readline')
const Corestore = require('corestore')

const [folder, index, key, basePort, listed] = process.argv.slice(2)
const neighbours = listed.split(',').filter(Boolean).map(Number)
const say = (...words) => process.stdout.write(words.join(' ') + '\n')
const now = () => (performance.timeOrigin + performance.now()) / 1000

async function main () {
  const store = new Corestore(path.join(folder, 'core-' + index))
  await store.ready()
  const core = key === '-' ? store.get({ name: 'offers' }) : store.get({ key: Buffer.from(key, 'hex') })
  await core.ready()
  const link = (socket, dials) => {
    socket.setNoDelay(true)
    const stream = store.replicate(dials)
    for (const end of [socket, stream]) end.on('error', () => {})
    socket.pipe(stream).pipe(socket)
  }
  net.createServer(socket => link(socket, false)).listen(Number(basePort) + Number(index), '127.0.0.1', () => {
    for (const other of neighbours.filter(n => n < Number(index))) {
      link(net.connect(Number(basePort) + other, '127.0.0.1'), true)
    }
    say('READY', core.key.toString('hex'))
  })
  if (key !== '-') {
    core.download({ start: 0, end: -1 })
    follow(core)
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [word, number] = line.split(' ')
    if (word !== 'go') continue
    const offer = Buffer.from(JSON.stringify({ n: Number(number), text: 'x'.repeat(400) }))
    say('P', number, now())
    await core.append(offer)
  }
}

async function follow (core) {
  for (let seq = 0; ; seq++) {
    await core.get(seq)
    say('V', seq, now())
  }
}

main()
