using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>The file with a token's PIN. A PIN that the token refused is not tried again until the file changes, restarts included: tokens lock themselves after a few wrong ones.</summary>
internal sealed class PinFile(string path, string token, string directory)
{
    private const int MostPinBytes = 255;

    private readonly string refusedPath = Path.Combine(directory, $"pin-refused-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, 8))}");

    /// <summary>The PIN without the end of its line; the caller zeroes it.</summary>
    /// <exception cref="KeysException">There is none, others can read it, or the token has refused it.</exception>
    internal byte[] Read()
    {
        var content = Content() ?? throw Trouble($"'{path}', which pin-source names for token '{token}', is missing.");
        if (KeyFiles.Read(refusedPath) is { } refused && Encoding.ASCII.GetString(refused) == Stamp())
        {
            CryptographicOperations.ZeroMemory(content);
            throw Trouble($"Token '{token}' has refused the PIN in '{path}', and it is not tried again, lest the token locks itself. Write the right PIN into that file.");
        }

        var pin = content.AsSpan().TrimEnd("\r\n"u8).ToArray();
        CryptographicOperations.ZeroMemory(content);
        return pin.Length is > 0 and <= MostPinBytes ? pin : throw Trouble($"'{path}' holds no PIN: 1–{MostPinBytes} bytes are expected.");
    }

    internal KeysException Refused(Exception error)
    {
        KeyFiles.Write(refusedPath, Encoding.ASCII.GetBytes(Stamp()));
        return Trouble($"Token '{token}' refuses the PIN in '{path}'. It was tried once and will not be tried again; write the right PIN into that file.", error);
    }

    internal void Taken() => File.Delete(refusedPath);

    private byte[]? Content()
    {
        try
        {
            return KeyFiles.Read(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Trouble($"'{path}', which pin-source names for token '{token}', cannot be read by this user.", error);
        }
    }

    // When the file was written: nothing that tells of the PIN itself.
    private string Stamp() => string.Create(CultureInfo.InvariantCulture, $"{File.GetLastWriteTimeUtc(path).Ticks}");

    private static KeysException Trouble(string message, Exception? inner = null) => new(message, inner) { Fault = KeysFault.Unavailable };
}
