using System.Buffers;

namespace Gatehouse.Wire.Amqp;

/// <summary>An array that grows: frames are written into it, and their sizes filled in afterwards.</summary>
/// <remarks>Starts without an array and gives it back to the shared pool: an idle connection owns nothing. What was taken from it must not be used after <see cref="Release"/>.</remarks>
public sealed class AmqpBuffer : IBufferWriter<byte>
{
    private const int SmallestArray = 256;

    private byte[] bytes = [];

    public int Length { get; private set; }

    /// <summary>Bytes of the array that is held.</summary>
    public int Capacity => bytes.Length;

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => bytes.AsMemory(0, Length);

    /// <summary>Written bytes from <paramref name="offset"/> on, to be changed; valid until the next write.</summary>
    public Span<byte> At(int offset) => bytes.AsSpan(offset, Length - offset);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(bytes.Length - Length));
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return bytes.AsSpan(Length);
    }

    /// <summary>Room for exactly <paramref name="count"/> bytes, counted as written.</summary>
    public Span<byte> Take(int count)
    {
        Grow(count);
        var span = bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void Write(ReadOnlySpan<byte> source) => source.CopyTo(Take(source.Length));

    public void Clear() => Length = 0;

    /// <summary>Forgets what was written behind <paramref name="length"/>.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length);
        Length = length;
    }

    /// <summary>Forgets the first <paramref name="count"/> bytes: they were sent.</summary>
    public void RemoveFirst(int count)
    {
        bytes.AsSpan(count, Length - count).CopyTo(bytes);
        Length -= count;
    }

    /// <summary>Gives the array back.</summary>
    public void Release()
    {
        var array = bytes;
        (bytes, Length) = ([], 0);
        GiveBack(array);
    }

    /// <summary>Gives the array back with zeros in it: it may have held a secret.</summary>
    public void Erase()
    {
        bytes.AsSpan(0, Length).Clear();
        Release();
    }

    private void Grow(int count)
    {
        if (bytes.Length - Length >= count)
        {
            return;
        }

        // A need beyond what an array can hold is a bug of the caller and throws here.
        var needed = checked(Length + count);
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(Math.Max(SmallestArray, 2L * bytes.Length), needed), Array.MaxLength));
        bytes.AsSpan(0, Length).CopyTo(larger);
        GiveBack(bytes);
        bytes = larger;
    }

    private static void GiveBack(byte[] array)
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
