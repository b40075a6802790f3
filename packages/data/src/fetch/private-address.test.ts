import { expect, test } from "vitest";
import { isPrivateAddress } from "./private-address.ts";

test.each([
  "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
  "192.168.1.1", "::", "::1", "fd00:ec2::254", "fe80::1", "::ffff:127.0.0.1", "::FFFF:10.0.0.1",
])("%s is private", (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each(["1.1.1.1", "100.128.0.1", "172.32.0.1", "192.169.0.1", "11.0.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "", "example.org"])(
  "%s is not",
  (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  },
);
