/** `report sla --audience customer`: the same evidence for somebody outside, in plain language first. */
export { renderCustomer, type CustomerOptions } from './customer/page.ts';
