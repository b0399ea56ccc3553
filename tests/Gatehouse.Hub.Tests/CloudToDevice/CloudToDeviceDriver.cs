using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Notifications;
using Xunit;

namespace Gatehouse.Hub.Tests.CloudToDevice;

/// <summary>A hub with devices that take messages and a back end that hears of them.</summary>
internal sealed class CloudToDeviceDriver(HubHost hub)
{
    internal CloudToDeviceMessages Messages { get; } = hub.Get<CloudToDeviceMessages>();

    internal NotificationQueues Notifications { get; } = hub.Get<NotificationQueues>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static CloudMessage Message(string body, Acknowledgement acknowledgement = Acknowledgement.None) =>
        new() { MessageId = $"id-{body}", Body = Encoding.UTF8.GetBytes(body), Acknowledgement = acknowledgement };

    internal async Task<string> MakeAsync(string device) => (await hub.PutAsync(device)).Value.GenerationId;

    internal Task<Result<long>> SendAsync(string device, CloudMessage message) => Messages.SendAsync(hub.Hub, DeviceId.Parse(device), message, Token);

    internal Task<Result<long>> SendAsync(string device, string body, Acknowledgement acknowledgement = Acknowledgement.None) => SendAsync(device, Message(body, acknowledgement));

    internal DeviceMailbox Open(string device, string generation, Action? onAvailable = null) => Messages.Open(hub.Hub, DeviceId.Parse(device), generation, onAvailable ?? (static () => { }));

    internal async Task<int> CountAsync(string device) => (await Messages.CountAsync(hub.Hub, DeviceId.Parse(device), Token)).Value;

    /// <summary>Time goes by, and the hub looks after its queues.</summary>
    internal async Task AdvanceAsync(TimeSpan time)
    {
        hub.Time.Advance(time);
        await hub.Get<QueueUpkeep>().RunAsync(Token);
    }

    /// <summary>Bodies of all that can be taken now, completed.</summary>
    internal static async Task<IReadOnlyList<string>> DrainAsync(DeviceMailbox mailbox)
    {
        var bodies = new List<string>();
        while (await mailbox.TakeAsync(Token) is { } message)
        {
            bodies.Add(TextOf(message));
            Assert.True((await mailbox.CompleteAsync(message.LockToken, Token)).IsOk);
        }

        return bodies;
    }

    internal static string TextOf(LockedMessage? message) => Encoding.UTF8.GetString(message!.Message.Body.Span);

    /// <summary>Message id and status of all feedback that back ends can take now, completed.</summary>
    internal async Task<IReadOnlyList<string>> FeedbackAsync()
    {
        var all = new List<string>();
        while (await Notifications.TakeAsync(hub.Hub, NotificationKind.Feedback, Token) is { } batch)
        {
            using var json = JsonDocument.Parse(batch.Body);
            all.AddRange(json.RootElement.EnumerateArray().Select(static each => $"{each.GetProperty("originalMessageId")} {each.GetProperty("statusCode")}"));
            Assert.True((await Notifications.CompleteAsync(hub.Hub, NotificationKind.Feedback, batch.LockToken, Token)).IsOk);
        }

        return all;
    }
}
