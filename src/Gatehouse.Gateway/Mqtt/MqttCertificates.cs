using System.Buffers;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>Renewal of one session's certificate: a request is accepted, then answered with the certificate or with what was wrong. One at a time; what is replaced before it began is left out.</summary>
/// <remarks>An answer that does not reach its device is not kept: it has the certificate that it connects with, and asks again.</remarks>
internal sealed class MqttCertificates(GatewayParts parts, Principal principal, PacketSender sender)
{
    /// <summary>Requests that wait behind the one under way.</summary>
    private const int MaxWaiting = 4;

    private const int RetryAfterSeconds = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;
    private CertificateWork? active;
    private int underWay;
    private bool isAnswered;

    internal void Apply(bool answers) => Volatile.Write(ref isAnswered, answers);

    internal void Begin(in ReservedTopic topic, in ReadOnlySequence<byte> payload)
    {
        // Where no answer can be heard nothing is done.
        if (topic.RequestId.IsEmpty || !Volatile.Read(ref isAnswered))
        {
            return;
        }

        var requestId = Encoding.UTF8.GetString(topic.RequestId);
        var order = CertificateOrder.Read(payload, principal.Identity!.Value);
        if (!order.IsOk)
        {
            _ = FailAsync(requestId, order.Error, null);
            return;
        }

        lock (gate)
        {
            if (Conflict(order.Value.Replace) is var (error, info))
            {
                _ = FailAsync(requestId, error, info);
                return;
            }

            active?.IsReplaced = true;
            active = new CertificateWork(requestId, Guid.NewGuid().ToString(), parts.Time.GetUtcNow() + Patience);
            Interlocked.Increment(ref underWay);
            last = RunAsync(last, active, order.Value.Request);
        }
    }

    private (HubError Error, Action<Utf8JsonWriter>? Info)? Conflict(string? replace) =>
        active is { } running && replace is null ? (HubErrors.CertificateRequestActive, CertificateAnswers.Active(running))
        : replace is not null and not "*" && replace != active?.RequestId ? (HubErrors.PreconditionFailed.With("The request that is to be replaced is not under way."), json => json.WriteString("requestId", replace))
        : Volatile.Read(ref underWay) > MaxWaiting ? (HubErrors.ThrottlingException, null)
        : null;

    private async Task RunAsync(Task before, CertificateWork work, byte[] request)
    {
        try
        {
            // Out of the lock.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await AnswerAsync($"202/?$rid={work.RequestId}", CertificateAnswers.Accepted(work));
            await before;
            if (!work.IsReplaced)
            {
                var renewed = await RenewAsync(request);
                Forget(work);
                await (renewed.IsOk ? AnswerAsync($"200/?$rid={work.RequestId}", CertificateAnswers.Issued(work, renewed.Value)) : RefuseAsync(work, renewed.Error));
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Forget(work);
            parts.Log.CertificateRequestFailed(principal.Hub.Value, principal.Identity!.Value.ToString(), error);
            await FailAsync(work.RequestId, HubErrors.ServerError, null);
        }
        finally
        {
            Forget(work);
            Interlocked.Decrement(ref underWay);
        }
    }

    // A shared key may act for any device, and a certificate would outlive it: only who shows its own certificate gets another.
    private Task<Result<IReadOnlyList<string>>> RenewAsync(byte[] request) =>
        parts.Renewal is not { } renewal ? Task.FromResult<Result<IReadOnlyList<string>>>(Refused("No provisioning service is here."))
        : principal.Method != AuthenticationMethod.X509Thumbprint ? Task.FromResult<Result<IReadOnlyList<string>>>(Refused("The device is not connected with a certificate that its hub knows by its thumbprint."))
        : renewal.RenewAsync(principal.Hub, principal.Identity!.Value.Device, principal.Credential, request, CancellationToken.None);

    private Task RefuseAsync(CertificateWork work, HubError error)
    {
        if (error.IsTransient)
        {
            return FailAsync(work.RequestId, error, null);
        }

        parts.Refusals.Report(new Refusal
        {
            Hub = principal.Hub.Value,
            Claimed = principal.Identity!.Value.ToString(),
            Reason = RefusalReason.CertificateRequestRefused,
            Error = error,
            Detail = error.Message,
            Protocol = "mqtt",
        });
        return FailAsync(work.RequestId, error, CertificateAnswers.Refused(work, error.Message));
    }

    private void Forget(CertificateWork work)
    {
        lock (gate)
        {
            active = active == work ? null : active;
        }
    }

    private Task FailAsync(string requestId, HubError error, Action<Utf8JsonWriter>? info) =>
        AnswerAsync($"{error.HttpStatus}/?$rid={requestId}", CertificateAnswers.Failed(error, parts.Time.GetUtcNow(), error.IsTransient ? RetryAfterSeconds : null, info));

    private async Task AnswerAsync(string rest, ReadOnlyMemory<byte> body)
    {
        if (!Volatile.Read(ref isAnswered))
        {
            return;
        }

        var topic = Encoding.UTF8.GetBytes($"$iothub/credentials/res/{rest}");
        while (!sender.TryPublish(topic, body.Span))
        {
            await sender.DrainAsync();
        }

        sender.ScheduleFlush();
    }

    private static HubError Refused(string message) => HubErrors.CertificateRequestRefused.With(message);
}
