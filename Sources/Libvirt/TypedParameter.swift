import CLibvirt
import Glibc

/// One of libvirt's named values (virTypedParameter), read where it lies: use it only while libvirt's array is there.
@unsafe
struct TypedParameter {
    private let pointer: UnsafePointer<virTypedParameter>

    init(_ pointer: UnsafePointer<virTypedParameter>) {
        unsafe self.pointer = pointer
    }

    /// Whether this is its name; compared as C strings, for a Swift string a parameter costs a hundred times as much.
    func isNamed(_ name: StaticString) -> Bool {
        let offset = unsafe MemoryLayout<virTypedParameter>.offset(of: \.field)!
        let field = unsafe (UnsafeRawPointer(pointer) + offset).assumingMemoryBound(to: CChar.self)
        return unsafe strcmp(field, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
    }

    /// Its value, where it is an unsigned integer of 64 bits.
    var unsignedLong: UInt64? {
        unsafe pointer.pointee.type == Int32(VIR_TYPED_PARAM_ULLONG.rawValue) ? pointer.pointee.value.ul : nil
    }

    /// Its value, where it is a signed integer of 32 bits.
    var int: Int32? {
        unsafe pointer.pointee.type == Int32(VIR_TYPED_PARAM_INT.rawValue) ? pointer.pointee.value.i : nil
    }
}
