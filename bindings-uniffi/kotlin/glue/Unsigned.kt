/*
 * How the unsigned integers of the library cross, in place of the generated converters: as signed ones, because Java has no others.
 *
 * What has fewer than 64 bits fits into the next larger type, and is held to its range on the way back. A `u64` keeps its bits: what is
 * 2^63 or more, which no amount and no time can be, is negative, as `Long.toUnsignedString` takes it.
 */
package invreq.core

import java.nio.ByteBuffer

/** @suppress */
public object FfiConverterULong : FfiConverter<Long, Long> {
    override fun lift(value: Long): Long = value

    override fun read(buf: ByteBuffer): Long = buf.getLong()

    override fun lower(value: Long): Long = value

    override fun allocationSize(value: Long): ULong = 8UL

    override fun write(
        value: Long,
        buf: ByteBuffer,
    ) {
        buf.putLong(value)
    }
}

/** @suppress */
public object FfiConverterUInt : FfiConverter<Long, Int> {
    override fun lift(value: Int): Long = value.toLong() and 0xffff_ffffL

    override fun read(buf: ByteBuffer): Long = lift(buf.getInt())

    override fun lower(value: Long): Int {
        require(value in 0..0xffff_ffffL) { "$value is not an integer from 0 to 4294967295" }
        return value.toInt()
    }

    override fun allocationSize(value: Long): ULong = 4UL

    override fun write(
        value: Long,
        buf: ByteBuffer,
    ) {
        buf.putInt(lower(value))
    }
}

/** @suppress */
public object FfiConverterUShort : FfiConverter<Int, Short> {
    override fun lift(value: Short): Int = value.toInt() and 0xffff

    override fun read(buf: ByteBuffer): Int = lift(buf.getShort())

    override fun lower(value: Int): Short {
        require(value in 0..0xffff) { "$value is not an integer from 0 to 65535" }
        return value.toShort()
    }

    override fun allocationSize(value: Int): ULong = 2UL

    override fun write(
        value: Int,
        buf: ByteBuffer,
    ) {
        buf.putShort(lower(value))
    }
}

/** @suppress */
public object FfiConverterUByte : FfiConverter<Int, Byte> {
    override fun lift(value: Byte): Int = value.toInt() and 0xff

    override fun read(buf: ByteBuffer): Int = lift(buf.get())

    override fun lower(value: Int): Byte {
        require(value in 0..0xff) { "$value is not an integer from 0 to 255" }
        return value.toByte()
    }

    override fun allocationSize(value: Int): ULong = 1UL

    override fun write(
        value: Int,
        buf: ByteBuffer,
    ) {
        buf.put(lower(value))
    }
}
