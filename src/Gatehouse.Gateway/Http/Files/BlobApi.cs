using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Files;
using Gatehouse.Transport;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Gateway.Http.Files;

/// <summary>The embedded blob endpoint, <c>/uploads/{device}/{name}</c>: as much of Azure Storage as its client libraries use to upload and read one block blob with a token for it.</summary>
/// <remarks>Source: Azure Storage "Blob service REST API" pages: Put Blob, Put Block, Put Block List, Get Block List, Get Blob, Get Blob Properties.</remarks>
public sealed class BlobApi
{
    private const string Prefix = "/" + BlobAccess.Container + "/";
    private const int MaxBlockListBytes = 8 << 20;

    private readonly GatewayParts parts;
    private readonly BlobAccess access;
    private readonly BlobStore blobs;

    internal BlobApi(GatewayParts parts, BlobAccess access, BlobStore blobs) => (this.parts, this.access, this.blobs) = (parts, access, blobs);

    internal async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        // Clients write the slashes of a blob's name as they are or as %2F: the path is decoded whole.
        if (!RequestTarget.TryParse(http.Features.Get<IHttpRequestFeature>()!.RawTarget, out var target) || !target.Path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            await next(http);
            return;
        }

        SetHeaders(http);
        try
        {
            var error = await RunAsync(http, target.Path[Prefix.Length..]);
            if (error is not null)
            {
                await AnswerAsync(http, error);
            }
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left: nobody to answer.
        }
        catch (BadHttpRequestException)
        {
            await FailAsync(http, BlobErrors.IncompleteBody);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            parts.Log.DeviceRequestFailed("Blob", TrackingId.New(parts.Time.GetUtcNow()), error);
            await FailAsync(http, InternalError);
        }
    }

    private static HubError InternalError { get; } = new(500000, "InternalError", "The server failed to handle the request.");

    private async Task<HubError?> RunAsync(HttpContext http, string blob)
    {
        var method = http.Request.Method;
        var isWrite = HttpMethods.IsPut(method);
        if (!isWrite && !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            return BlobErrors.UnsupportedOperation;
        }

        if (parts.Credentials.FindHub(http.Request.Host.Value ?? "") is not { Name: var hub }
            || (http.Connection.RemoteIpAddress is { } address && parts.Backoff.IsBackedOff(address)))
        {
            return BlobErrors.AuthenticationFailed;
        }

        var passed = await access.CheckAsync(hub, blob, isWrite ? 'w' : 'r', name => http.Request.Query[name], http.RequestAborted);
        if (!passed.IsOk)
        {
            CountRefusal(http);
            return passed.Error;
        }

        if (await IsFromElsewhereAsync(http, hub, blob))
        {
            CountRefusal(http);
            return BlobErrors.AuthenticationFailed;
        }

        http.MarkConnectionAuthenticated();
        var comp = http.Request.Query["comp"].ToString();
        return (isWrite, comp) switch
        {
            (true, "") => await PutBlobAsync(http, hub, blob, passed.Value),
            (true, "block") => await PutBlockAsync(http, hub, blob, passed.Value),
            (true, "blocklist") => await PutBlockListAsync(http, hub, blob, passed.Value),
            (false, "") => await GetAsync(http, hub, blob),
            (false, "blocklist") => await GetBlockListAsync(http, hub, blob),
            _ => BlobErrors.UnsupportedOperation,
        };
    }

    // A token for a blob was given to its device; where that is bound to networks, the token is too.
    private async ValueTask<bool> IsFromElsewhereAsync(HttpContext http, HubName hub, string blob)
    {
        var address = http.Connection.RemoteIpAddress;
        if (!DeviceId.TryParse(blob[..Math.Max(0, blob.IndexOf('/', StringComparison.Ordinal))], out var device)
            || await parts.Credentials.FindIdentityAsync(hub, new IdentityKey(device), http.RequestAborted) is not { Networks: { } networks }
            || (address is not null && networks.Contains(address)))
        {
            return false;
        }

        parts.Refusals.Report(new Refusal
        {
            Hub = hub.Value,
            Claimed = device.Value,
            Reason = RefusalReason.NetworkNotAllowed,
            Error = BlobErrors.AuthenticationFailed,
            Detail = $"The token for a file is good, and it came from {NetworkRanges.Describe(address)}, which is in none of the networks that '{device}' is bound to ({networks}).",
            Protocol = "https",
            RemoteAddress = address?.ToString(),
        });
        return true;
    }

    // Whoever tries tokens is put off as one who tries keys.
    private void CountRefusal(HttpContext http)
    {
        parts.Metrics.Refused();
        if (http.Connection.RemoteIpAddress is { } address)
        {
            parts.Backoff.Refused(address, null);
        }
    }

    private async Task<HubError?> PutBlobAsync(HttpContext http, HubName hub, string blob, string upload)
    {
        if (!string.Equals(http.Request.Headers["x-ms-blob-type"], "BlockBlob", StringComparison.OrdinalIgnoreCase))
        {
            return BlobErrors.InvalidBlobType;
        }

        var content = Body(http);
        if (!content.IsOk)
        {
            return content.Error;
        }

        var put = await blobs.PutAsync(hub, blob, upload, content.Value with { Type = BlobType(http.Request) }, http.RequestAborted);
        return put.IsOk ? Created(http, put.Value) : put.Error;
    }

    private async Task<HubError?> PutBlockAsync(HttpContext http, HubName hub, string blob, string upload)
    {
        var content = Body(http);
        if (!content.IsOk)
        {
            return content.Error;
        }

        var put = await blobs.PutBlockAsync(hub, blob, upload, http.Request.Query["blockid"].ToString(), content.Value, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status201Created;
        return put.Error;
    }

    private async Task<HubError?> PutBlockListAsync(HttpContext http, HubName hub, string blob, string upload)
    {
        var read = await RequestBody.ReadAsync(http.Request, MaxBlockListBytes, BlobErrors.RequestBodyTooLarge, http.RequestAborted);
        if (!read.IsOk)
        {
            return read.Error;
        }

        Result<IReadOnlyList<string>> ids;
        using (read.Value)
        {
            using var text = new MemoryStream(System.Buffers.BuffersExtensions.ToArray(read.Value.Bytes));
            ids = BlockList.Read(text, blobs.MaxBlocks);
        }

        if (!ids.IsOk)
        {
            return ids.Error;
        }

        var put = await blobs.PutBlockListAsync(hub, blob, upload, ids.Value, BlobType(http.Request), http.RequestAborted);
        return put.IsOk ? Created(http, put.Value) : put.Error;
    }

    private async Task<HubError?> GetAsync(HttpContext http, HubName hub, string blob)
    {
        if (await blobs.FindAsync(hub, blob, http.RequestAborted) is not { } found)
        {
            return BlobErrors.BlobNotFound;
        }

        var (start, count) = (0L, found.Size);
        if (RangeOf(http.Request) is { } range)
        {
            start = range.From ?? Math.Max(0, found.Size - range.To!.Value);
            count = range.From is null || range.To is null ? found.Size - start : Math.Min(range.To.Value, found.Size - 1) - start + 1;
            if (start >= found.Size || count <= 0)
            {
                return BlobErrors.InvalidRange;
            }

            http.Response.StatusCode = StatusCodes.Status206PartialContent;
            http.Response.Headers.ContentRange = $"bytes {start}-{start + count - 1}/{found.Size}";
        }

        Describe(http, found);
        var headers = http.Response.Headers;
        headers["x-ms-blob-type"] = "BlockBlob";
        headers["x-ms-lease-status"] = "unlocked";
        headers["x-ms-lease-state"] = "available";
        headers.AcceptRanges = "bytes";

        // A page that a device uploaded must not become one of the hub's.
        headers.ContentDisposition = "attachment";
        headers.ContentSecurityPolicy = "sandbox";
        http.Response.ContentType = found.ContentType;
        http.Response.ContentLength = count;
        if (!HttpMethods.IsHead(http.Request.Method) && count > 0)
        {
            await http.Response.SendFileAsync(blobs.PathOf(found), start, count, http.RequestAborted);
        }

        return null;
    }

    private async Task<HubError?> GetBlockListAsync(HttpContext http, HubName hub, string blob)
    {
        var blocks = await blobs.BlocksAsync(hub, blob, http.RequestAborted);
        var xml = new XElement(
            "BlockList",
            new XElement("CommittedBlocks"),
            new XElement("UncommittedBlocks", blocks.Select(block => new XElement("Block", new XElement("Name", block.BlockId), new XElement("Size", block.Size)))));
        await WriteXmlAsync(http, xml);
        return null;
    }

    private static Result<BlobContent> Body(HttpContext http)
    {
        if (http.Request.ContentLength is not { } length)
        {
            return BlobErrors.MissingContentLengthHeader;
        }

        byte[]? md5 = null;
        if (http.Request.Headers.ContentMD5.ToString() is { Length: > 0 } text)
        {
            md5 = new byte[16];
            if (!Convert.TryFromBase64String(text, md5, out var count) || count != md5.Length)
            {
                return BlobErrors.Md5Mismatch;
            }
        }

        // The store has its own bound, which is looked at before anything is read.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        return new BlobContent(http.Request.Body, length) { Md5 = md5 };
    }

    private static string? BlobType(HttpRequest request)
    {
        var type = request.Headers["x-ms-blob-content-type"].ToString();
        type = type.Length > 0 ? type : request.Query["comp"].Count == 0 ? request.ContentType ?? "" : "";
        return type.Length is > 0 and <= 256 && MediaTypeHeaderValue.TryParse(type, out _) ? type : null;
    }

    private static (long? From, long? To)? RangeOf(HttpRequest request)
    {
        var text = request.Headers["x-ms-range"].ToString();
        text = text.Length > 0 ? text : request.Headers.Range.ToString();
        return text.Length > 0 && RangeHeaderValue.TryParse(text, out var range) && range.Ranges.Count == 1 && range.Ranges.First() is var only && (only.From ?? only.To) is not null
            ? (only.From, only.To)
            : null;
    }

    private static HubError? Created(HttpContext http, StoredBlob blob)
    {
        http.Response.StatusCode = StatusCodes.Status201Created;
        Describe(http, blob);
        return null;
    }

    private static void Describe(HttpContext http, StoredBlob blob)
    {
        http.Response.Headers.ETag = blob.ETag;
        http.Response.Headers.LastModified = blob.ChangedTime.ToString("R", CultureInfo.InvariantCulture);
    }

    private static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["x-ms-request-id"] = Guid.NewGuid().ToString();
        headers["x-ms-version"] = "2020-12-06";
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
    }

    private static async Task FailAsync(HttpContext http, HubError error)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await AnswerAsync(http, error);
    }

    private static async Task AnswerAsync(HttpContext http, HubError error)
    {
        http.Response.StatusCode = error.HttpStatus;
        http.Response.Headers["x-ms-error-code"] = error.Name;
        await WriteXmlAsync(http, new XElement("Error", new XElement("Code", error.Name), new XElement("Message", error.Message)));
    }

    private static async Task WriteXmlAsync(HttpContext http, XElement xml)
    {
        var bytes = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"utf-8\"?>{xml.ToString(SaveOptions.DisableFormatting)}");
        http.Response.ContentType = "application/xml";
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
        }
    }
}
