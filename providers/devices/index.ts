export { DEVICE_NAMES, loadDevice, loadTarget } from "./load-device.ts";
export type { DeviceDescription } from "./snapshot.ts";
