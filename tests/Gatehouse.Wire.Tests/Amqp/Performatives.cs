using CsCheck;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Wire.Tests.Amqp;

/// <summary>Random performatives: every optional field now there, now not.</summary>
internal static class Performatives
{
    private static readonly Gen<uint> Numbers = Gen.OneOf(Gen.UInt, Gen.UInt[0, 300]);
    private static readonly Gen<uint?> MaybeNumbers = Numbers.Nullable();
    private static readonly Gen<string?> MaybeTexts = Trees.Texts.Null();
    private static readonly Gen<string?> MaybeSymbols = Trees.Ascii.Null();
    private static readonly Gen<string[]> Capabilities = Trees.Ascii.Array[0, 4];
    private static readonly Gen<AmqpMap?> MaybeMaps = Trees.SymbolMaps.Null();
    private static readonly Gen<byte[]?> MaybeBinaries = Trees.Binaries.Null();

    internal static Gen<AmqpError> Errors { get; } = Gen.Select(Trees.Ascii, MaybeTexts, MaybeMaps)
        .Select((condition, description, info) => new AmqpError { Condition = condition, Description = description, Info = info });

    private static readonly Gen<AmqpError?> MaybeErrors = Errors.Null();

    internal static Gen<Open> Opens { get; } =
        Gen.Select(Gen.Select(Trees.Texts, MaybeTexts, Numbers, Gen.UShort), Gen.Select(MaybeNumbers, Capabilities, Capabilities, MaybeMaps)).Select((a, b) => new Open
        {
            ContainerId = a.Item1,
            HostName = a.Item2,
            MaxFrameSize = a.Item3,
            ChannelMax = a.Item4,
            IdleTimeOut = b.Item1,
            OfferedCapabilities = b.Item2,
            DesiredCapabilities = b.Item3,
            Properties = b.Item4,
        });

    internal static Gen<Begin> Begins { get; } =
        Gen.Select(Gen.Select(Gen.UShort.Nullable(), Numbers, Numbers, Numbers), Gen.Select(Numbers, Capabilities, Capabilities, MaybeMaps)).Select((a, b) => new Begin
        {
            RemoteChannel = a.Item1,
            NextOutgoingId = a.Item2,
            IncomingWindow = a.Item3,
            OutgoingWindow = a.Item4,
            HandleMax = b.Item1,
            OfferedCapabilities = b.Item2,
            DesiredCapabilities = b.Item3,
            Properties = b.Item4,
        });

    internal static Gen<Terminus> Termini { get; } =
        Gen.Select(
            Gen.Select(Gen.Bool, MaybeTexts, Numbers, MaybeSymbols, Numbers),
            Gen.Select(Gen.Bool, MaybeMaps, MaybeSymbols, MaybeMaps, Capabilities, Capabilities)).Select((a, b) => new Terminus
            {
                IsSource = a.Item1,
                Address = a.Item2,
                Durable = a.Item3,
                ExpiryPolicy = a.Item4,
                TimeoutSeconds = a.Item5,
                IsDynamic = b.Item1,
                DynamicNodeProperties = b.Item2,
                DistributionMode = a.Item1 ? b.Item3 : null,
                Filters = a.Item1 ? b.Item4 : null,
                Outcomes = a.Item1 ? b.Item5 : [],
                Capabilities = b.Item6,
            });

    internal static Gen<Attach> Attaches { get; } =
        Gen.Select(
            Gen.Select(Trees.Texts, Numbers, Gen.Bool, Gen.Byte[0, 2].Nullable(), Gen.Byte[0, 1].Nullable()),
            Gen.Select(Termini.Select(static terminus => terminus.ToBytes()).Null(), Termini.Select(static terminus => terminus.ToBytes()).Null(), Gen.Bool, MaybeNumbers),
            Gen.Select(Gen.ULong.Nullable(), Capabilities, Capabilities, MaybeMaps)).Select((a, b, c) => new Attach
            {
                Name = a.Item1,
                Handle = a.Item2,
                IsReceiver = a.Item3,
                SenderSettleMode = a.Item4 ?? Attach.DefaultSenderSettleMode,
                HasSenderSettleMode = a.Item4.HasValue,
                ReceiverSettleMode = a.Item5 ?? 0,
                HasReceiverSettleMode = a.Item5.HasValue,
                Source = b.Item1,
                Target = b.Item2,
                IsIncompleteUnsettled = b.Item3,
                InitialDeliveryCount = b.Item4,
                MaxMessageSize = c.Item1,
                OfferedCapabilities = c.Item2,
                DesiredCapabilities = c.Item3,
                Properties = c.Item4,
            });

    internal static Gen<Flow> Flows { get; } =
        Gen.Select(Gen.Select(MaybeNumbers, Numbers, Numbers, Numbers, MaybeNumbers), Gen.Select(MaybeNumbers, MaybeNumbers, MaybeNumbers, Gen.Bool, Gen.Bool)).Select((a, b) => new Flow
        {
            NextIncomingId = a.Item1,
            IncomingWindow = a.Item2,
            NextOutgoingId = a.Item3,
            OutgoingWindow = a.Item4,
            Handle = a.Item5,
            DeliveryCount = b.Item1,
            LinkCredit = b.Item2,
            Available = b.Item3,
            Drain = b.Item4,
            Echo = b.Item5,
        });

    internal static Gen<Disposition> Dispositions { get; } =
        Gen.Select(Gen.Select(Gen.Bool, Numbers, MaybeNumbers, Gen.Bool), Gen.Select(Gen.Int[0, 4], MaybeErrors, Gen.Bool, Gen.Bool, Gen.Bool)).Select((a, b) => new Disposition
        {
            IsReceiver = a.Item1,
            First = a.Item2,
            Last = a.Item3,
            Settled = a.Item4,
            State = (Outcome)b.Item1,
            Error = b.Item1 == (int)Outcome.Rejected ? b.Item2 : null,
            IsDeliveryFailed = b.Item1 == (int)Outcome.Modified && b.Item3,
            IsUndeliverableHere = b.Item1 == (int)Outcome.Modified && b.Item4,
            Batchable = b.Item5,
        });

    internal static Gen<Detach> Detaches { get; } = Gen.Select(Numbers, Gen.Bool, MaybeErrors)
        .Select((handle, isClosed, error) => new Detach { Handle = handle, IsClosed = isClosed, Error = error });

    internal static Gen<End> Ends { get; } = MaybeErrors.Select(static error => new End { Error = error });

    internal static Gen<Close> Closes { get; } = MaybeErrors.Select(static error => new Close { Error = error });

    internal static Gen<SaslMechanisms> Mechanisms { get; } = Trees.Ascii.Array[1, 5].Select(static names => new SaslMechanisms { Mechanisms = names });

    internal static Gen<SaslInit> Inits { get; } = Gen.Select(Trees.Ascii, MaybeBinaries, MaybeTexts)
        .Select((mechanism, response, host) => new SaslInit { Mechanism = mechanism, InitialResponse = response, HostName = host });

    internal static Gen<SaslChallenge> Challenges { get; } = Trees.Binaries.Select(static bytes => new SaslChallenge { Challenge = bytes });

    internal static Gen<SaslResponse> Responses { get; } = Trees.Binaries.Select(static bytes => new SaslResponse { Response = bytes });

    internal static Gen<SaslOutcome> Outcomes { get; } = Gen.Select(Gen.Byte[0, 4], MaybeBinaries)
        .Select((code, data) => new SaslOutcome { Code = (SaslCode)code, AdditionalData = data });
}
