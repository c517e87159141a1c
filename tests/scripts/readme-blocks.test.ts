import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readmeExample } from '../../scripts/readme-blocks.ts'

const fence = '```'
const readme = `# Millrace
${fence}ts
not this one
${fence}
## First pipeline
${fence}ts
export default 1
${fence}
${fence}sh
# a remark
$ npx millrace run first.ts
npx millrace status first.ts
${fence}
## Next
`

describe('readmeExample', () => {
  it('finds the source, the file name and the commands under the heading', () => {
    assert.deepEqual(readmeExample(readme, 'First pipeline'), {
      fileName: 'first.ts',
      source: 'export default 1\n',
      commands: ['npx millrace run first.ts', 'npx millrace status first.ts'],
    })
  })

  it('refuses a section without a block', () => {
    assert.throws(() => readmeExample(readme, 'Next'), /no ```ts block/)
    assert.throws(() => readmeExample(readme, 'Missing'), /no heading "Missing"/)
  })
})
