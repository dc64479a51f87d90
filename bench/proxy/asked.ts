/** A first message that is nothing but this asks for a flood; any other is echoed. */
export const FLOOD = 'flood';

/** Of one small message: a tick is about as long. */
export const MESSAGE_BYTES = 200;
