using System.Buffers.Binary;

namespace Gatehouse.Cli.Tpm;

/// <summary>Sends commands to one TPM and takes its answers, one after the other.</summary>
internal sealed class TpmConnection(TpmAddress address, Stream stream) : IDisposable
{
    private const int HeadBytes = 10; // tag, size, code
    private const int CodeAt = 6;
    private const int SizeAt = 2;
    private const int MaxAnswerBytes = 4096; // TPM_PT_MAX_RESPONSE_SIZE of every TPM of today
    private const int MostTries = 40;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    internal static TpmConnection Open(TpmAddress address) => new(address, address.Open());

    /// <returns>What follows the code in the answer.</returns>
    /// <exception cref="TpmError">The TPM refused.</exception>
    internal byte[] Run(TpmCommand command)
    {
        var bytes = command.Encode();
        try
        {
            for (var tries = 1; ; tries++)
            {
                var answer = Exchange(bytes);
                switch (BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(CodeAt)))
                {
                    case 0:
                        return answer[HeadBytes..];
                    case TpmError.Initialize when command.Code != TpmCommandCode.Startup && tries == 1:
                        // The kernel has started its own; an emulator may wait for it.
                        Run(new TpmCommand(TpmCommandCode.Startup).UInt16(0));
                        break;
                    case TpmError.Retry or TpmError.Yielded or TpmError.Testing or TpmError.WrittenTooFast when tries < MostTries:
                        Thread.Sleep(Pause);
                        break;
                    case var code:
                        throw new TpmError(command.Code, code);
                }
            }
        }
        finally
        {
            Array.Clear(bytes);
            command.Clear();
        }
    }

    public void Dispose() => stream.Dispose();

    private byte[] Exchange(byte[] command)
    {
        try
        {
            stream.Write(command);
            var answer = new byte[MaxAnswerBytes];
            var (length, size) = (0, HeadBytes);
            while (length < size)
            {
                // A device gives the whole answer to one read, if there is room for it.
                var read = stream.Read(answer, length, answer.Length - length);
                length += read;
                if (length >= HeadBytes)
                {
                    size = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(SizeAt)), int.MaxValue);
                }

                if (read == 0 || size is < HeadBytes or > MaxAnswerBytes || length > size)
                {
                    throw new CliException($"what answers at '{address}' is no TPM 2.0, or broke off.");
                }
            }

            return BinaryPrimitives.ReadUInt16BigEndian(answer) is TpmNumbers.WithSessions or TpmNumbers.WithoutSessions
                ? answer[..size]
                : throw new CliException($"what answers at '{address}' is no TPM 2.0: TPM 1.2 cannot attest here.");
        }
        catch (IOException error)
        {
            throw new CliException($"the TPM at '{address}' broke off: {(error.InnerException ?? error).Message}", ExitCode.Refused, error);
        }
    }
}
