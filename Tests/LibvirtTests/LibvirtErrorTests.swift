import CLibvirt
import Testing

@testable import Libvirt

@Suite struct LibvirtErrorTests {
    private func error(_ code: virErrorNumber, from domain: virErrorDomain) -> LibvirtError {
        LibvirtError(
            call: "virCall",
            code: Int32(bitPattern: code.rawValue),
            domain: Int32(bitPattern: domain.rawValue),
            message: "words"
        )
    }

    @Test(arguments: [
        (VIR_ERR_SYSTEM_ERROR, VIR_FROM_RPC), (VIR_ERR_RPC, VIR_FROM_RPC), (VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC),
        (VIR_ERR_NO_CONNECT, VIR_FROM_NONE), (VIR_ERR_INVALID_CONN, VIR_FROM_NONE),
    ])
    func aConnectionMayBeLostByTheseErrors(code: virErrorNumber, domain: virErrorDomain) {
        #expect(error(code, from: domain).couldBeConnectionLost)
    }

    @Test(arguments: [
        (VIR_ERR_SYSTEM_ERROR, VIR_FROM_QEMU), (VIR_ERR_INTERNAL_ERROR, VIR_FROM_QEMU),
        (VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU),
        (VIR_ERR_OPERATION_TIMEOUT, VIR_FROM_QEMU), (VIR_ERR_NO_SUPPORT, VIR_FROM_RPC),
    ])
    func theErrorsOfOneDomainLeaveTheConnection(code: virErrorNumber, domain: virErrorDomain) {
        #expect(!error(code, from: domain).couldBeConnectionLost)
    }

    @Test func eachKindIsToldFromTheOthers() {
        #expect(error(VIR_ERR_NO_DOMAIN, from: VIR_FROM_QEMU).isDomainGone)
        #expect(error(VIR_ERR_OPERATION_INVALID, from: VIR_FROM_QEMU).isDomainGone)
        #expect(error(VIR_ERR_OPERATION_DENIED, from: VIR_FROM_NONE).isPermissionDenied)
        #expect(error(VIR_ERR_NO_SUPPORT, from: VIR_FROM_NONE).isUnsupported)
        #expect(!error(VIR_ERR_NO_SUPPORT, from: VIR_FROM_NONE).isDomainGone)
        #expect(!error(VIR_ERR_NO_DOMAIN, from: VIR_FROM_QEMU).isUnsupported)
    }

    @Test func saysTheCallTheWordsAndTheNumber() {
        #expect(error(VIR_ERR_NO_DOMAIN, from: VIR_FROM_QEMU).description == "virCall: words (error 42)")
    }
}
