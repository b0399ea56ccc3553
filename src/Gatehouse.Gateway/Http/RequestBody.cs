using System.Buffers;
using System.IO.Pipelines;
using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Gateway.Http;

/// <summary>A request's body, whole, where the server received it: nothing is copied. Dispose it before the answer ends.</summary>
internal sealed class RequestBody : IDisposable
{
    private readonly PipeReader reader;

    private RequestBody(PipeReader reader, ReadOnlySequence<byte> bytes) => (this.reader, Bytes) = (reader, bytes);

    internal ReadOnlySequence<byte> Bytes { get; }

    /// <summary>Reads all of it; one that is announced or turns out larger than <paramref name="limit"/> is <paramref name="tooLarge"/>.</summary>
    internal static async ValueTask<Result<RequestBody>> ReadAsync(HttpRequest request, int limit, HubError tooLarge, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            return tooLarge;
        }

        if (!string.IsNullOrEmpty(request.Headers.ContentEncoding))
        {
            return HubErrors.GenericUnsupportedMediaType.With("A Content-Encoding of the request is not supported; that of the message is the header iothub-contentencoding.");
        }

        var reader = request.BodyReader;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken);
                if (read.Buffer.Length > limit)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    return tooLarge;
                }

                if (read.IsCompleted)
                {
                    return new RequestBody(reader, read.Buffer);
                }

                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (BadHttpRequestException)
        {
            // Broken chunking, too slow, or a body shorter than announced.
            return HubErrors.GenericBadRequest.With("The body could not be received.");
        }
    }

    public void Dispose() => reader.AdvanceTo(Bytes.End);
}
