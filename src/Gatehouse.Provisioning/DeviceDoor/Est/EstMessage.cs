using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.ServiceDoor;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Provisioning.DeviceDoor.Est;

/// <summary>Bodies of EST: base64 whatever the headers say (RFC 8951 §3), errors as plain text (RFC 7030 §4.2.3).</summary>
internal static class EstMessage
{
    internal const string CertsOnly = "application/pkcs7-mime; smime-type=certs-only";
    internal const string CsrAttributes = "application/csrattrs";

    private const string Request = "application/pkcs10";

    /// <summary>Bytes of a request in base64 with its line ends: more than <see cref="CertificateSigningRequest.MaxBytes"/> of DER need.</summary>
    private const int MaxRequestBytes = 2 * CertificateSigningRequest.MaxBytes;

    /// <summary>Base64 of a PKCS #10 without its line ends. UnsupportedMediaType, RequestTooLarge, ArgumentInvalid.</summary>
    internal static async Task<Result<string>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(Request, StringComparison.OrdinalIgnoreCase))
        {
            return ProvisioningErrors.UnsupportedMediaType.With($"The content type must be {Request}.");
        }

        var body = new ArrayBufferWriter<byte>(2048);
        try
        {
            int count;
            while ((count = await request.Body.ReadAsync(body.GetMemory(512), cancellationToken)) > 0)
            {
                body.Advance(count);
                if (body.WrittenCount > MaxRequestBytes)
                {
                    return ProvisioningErrors.RequestTooLarge.With($"A request has at most {MaxRequestBytes} bytes.");
                }
            }
        }
        catch (BadHttpRequestException error)
        {
            return error.StatusCode == StatusCodes.Status413PayloadTooLarge ? ProvisioningErrors.RequestTooLarge : ProvisioningErrors.BadRequest.With("The body could not be received.");
        }

        var text = new StringBuilder(body.WrittenCount);
        foreach (var letter in body.WrittenSpan)
        {
            if (letter is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                text.Append((char)letter);
            }
        }

        return text.Length == 0 ? ProvisioningErrors.ArgumentInvalid.With("The body is empty; base64 of a PKCS #10 request is expected.") : text.ToString();
    }

    /// <summary>A CMS of certificates alone, RFC 7030 §4.1.3.</summary>
    /// <param name="http">Whom to answer.</param>
    /// <param name="certificates">Base64 of DER.</param>
    internal static Task WriteCertificatesAsync(HttpContext http, IEnumerable<string> certificates)
    {
        var collection = new X509Certificate2Collection();
        try
        {
            foreach (var certificate in certificates)
            {
                collection.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(certificate)));
            }

            return WriteAsync(http, CertsOnly, collection.Export(X509ContentType.Pkcs7)!);
        }
        finally
        {
            foreach (var certificate in collection)
            {
                certificate.Dispose();
            }
        }
    }

    internal static Task WriteAsync(HttpContext http, string contentType, byte[] der)
    {
        var body = Encoding.ASCII.GetBytes(Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks) + "\r\n");
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = contentType;
        http.Response.Headers["Content-Transfer-Encoding"] = "base64";
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    internal static Task WriteAsync(HttpContext http, HubError error, TimeSpan retryAfter)
    {
        var body = Encoding.UTF8.GetBytes($"{error.Name}: {error.Message}\n");
        http.Response.StatusCode = error.HttpStatus;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.ContentLength = body.Length;
        if (error.HttpStatus == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"est\"";
        }

        if (error.IsTransient)
        {
            http.Response.Headers.RetryAfter = ErrorAnswer.SecondsOf(error, retryAfter).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }
}
