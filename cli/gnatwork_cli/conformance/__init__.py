"""Whether an executor in any language keeps to the protocol: `gnatwork conformance executor`."""
