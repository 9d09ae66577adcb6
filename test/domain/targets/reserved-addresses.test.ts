import { describe, expect, test } from "vitest";
import {
  isLoopback,
  isMetadataAddress,
  isNoProcess,
} from "../../../src/domain/targets/reserved-addresses.ts";

describe("an address", () => {
  test.each([
    // As URLs spell it, whatever was typed.
    [new URL("http://0xa9fea9fe").hostname, true],
    [new URL("http://2852039166").hostname, true],
    [new URL("http://[::ffff:169.254.169.254]").hostname, true],
    ["::ffff:169.254.169.254", true],
    ["64:ff9b::a9fe:a9fe", true],
    ["[fd00:ec2::254]", true],
    ["100.100.100.200", true],
    ["168.63.129.16", true],
    ["169.254.170.2", true],
    // Machines without IPv4.
    ["[fd20:ce::254]", true],
    ["fd20:ce:0::254%eth0", true],
    ["[fd00:c1::a9fe:a9fe]", true],
    // What a gateway may take for the IPv4 address.
    ["[64:ff9b:1::a9fe:a9fe]", true],
    ["64:ff9b:1:2:3:4:169.254.169.254", true],
    ["[2002:a9fe:a9fe::5]", true],
    ["[::169.254.169.254]", true],
    ["::ffff:0:169.254.169.254", true],
    ["[2002:a00:5::a9fe:a9fe]", false],
    ["[::1]", false],
    ["[::]", false],
    ["169.254.1.2", false],
    ["10.0.0.5", false],
    ["[fd00:ec2::255]", false],
    ["169.254.169.254.nip.io", false],
    ["order.shop.svc", false],
  ])("%s is of a metadata service: %s", (host, expected) => {
    expect(isMetadataAddress(host)).toBe(expected);
    if (expected) expect(isNoProcess(host)).toBe(true);
  });

  test.each([
    ["169.254.1.2", true],
    ["0.0.0.0", true],
    ["[::]", true],
    ["fe80::1%eth0", true],
    ["[febf::1]", true],
    ["[ff02::1]", true],
    ["224.0.0.1", true],
    ["255.255.255.255", true],
    ["::ffff:0:0", true],
    ["fec0::1", false],
    ["ff::1", false],
    ["[fd12::5]", false],
    ["10.0.0.5", false],
    ["127.0.0.1", false],
    ["localhost", false],
    ["fe80.example.com", false],
  ])("%s is none that a process of a service has: %s", (host, expected) => {
    expect(isNoProcess(host)).toBe(expected);
  });

  test.each([
    ["127.0.0.1", true],
    ["127.8.9.1", true],
    ["[::1]", true],
    ["::ffff:127.0.0.1", true],
    ["localhost", true],
    ["order.localhost", true],
    ["localhost.example.com", false],
    ["128.0.0.1", false],
    ["[::2]", false],
  ])("%s is this machine: %s", (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
