using System.IO.Pipes;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Cli.Output;

/// <summary>Nobody reads the output any more (<c>gatehouse monitor | head -1</c>): the command is done.</summary>
internal sealed class ReaderGoneException(Exception inner) : Exception("The output's reader is gone.", inner);

/// <summary>The output where it is a pipe. The console's own stream ignores that the reader is gone, and a monitor would go on for ever.</summary>
internal sealed class OutputPipe : TextWriter
{
    private const int StandardOutput = 1;

    private readonly StreamWriter writer;

    private OutputPipe(Stream pipe) => writer = new StreamWriter(pipe, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };

    public override Encoding Encoding => writer.Encoding;

    /// <returns>Null where the output is a file or a terminal.</returns>
    internal static OutputPipe? TryOpen()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
        {
            return null;
        }

        try
        {
            return new OutputPipe(new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(StandardOutput, ownsHandle: false)));
        }
        catch (Exception error) when (error is IOException or ArgumentException)
        {
            return null;
        }
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(string? value)
    {
        try
        {
            writer.Write(value);
        }
        catch (IOException error)
        {
            throw new ReaderGoneException(error);
        }
    }

    public override void WriteLine(string? value) => Write(value + "\n");
}
