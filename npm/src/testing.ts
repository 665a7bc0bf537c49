/**
 * For those who bring their own store: the suite that shows whether it keeps the contract.
 *
 * @module
 */

export {
  CONFORMANCE_CHECKS,
  type ConformanceCheck,
  ConformanceReport,
  storeConformance,
  type StoreHarness,
} from "./testing/suite.js";
