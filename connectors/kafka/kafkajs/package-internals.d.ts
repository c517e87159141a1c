// The modules of kafkajs 2.2.4 that internals.ts imports.

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { ISocketFactory } from 'kafkajs'

  function socketFactory(): ISocketFactory
  export = socketFactory
}

declare module 'kafkajs/src/broker/saslAuthenticator/*' {
  import type { Mechanism } from 'kafkajs'

  function provider(user: { readonly username: string; readonly password: string }): Mechanism['authenticationProvider']
  export = provider
}
