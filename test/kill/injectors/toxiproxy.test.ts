import { killProof } from '../proof.ts';
import { toxiproxyGround } from './toxiproxy-ground.ts';

killProof('toxiproxy', null, toxiproxyGround);
