// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.SystemdText;

/// <summary>
/// The keys of units of services that systemd reads, from 252 to 257 (<c>systemd --dump-configuration-items</c>), with
/// those that the next one brings; it passes over others, and says so when it loads the unit.
/// </summary>
static class UnitKeys
{
    private static readonly Dictionary<string, HashSet<string>> s_keys = new(StringComparer.Ordinal)
    {
        ["Unit"] = Words(
            """
            After AllowIsolate AssertACPower AssertArchitecture AssertCPUFeature AssertCPUPressure AssertCPUs
            AssertCapability AssertControlGroupController AssertCredential AssertDirectoryNotEmpty AssertEnvironment
            AssertFileIsExecutable AssertFileNotEmpty AssertFirstBoot AssertGroup AssertHost AssertIOPressure
            AssertKernelCommandLine AssertKernelVersion AssertMemory AssertMemoryPressure AssertNeedsUpdate
            AssertOSRelease AssertPathExists AssertPathExistsGlob AssertPathIsDirectory AssertPathIsEncrypted
            AssertPathIsMountPoint AssertPathIsReadWrite AssertPathIsSymbolicLink AssertSecurity AssertUser
            AssertVirtualization Before BindTo BindsTo CollectMode ConditionACPower ConditionArchitecture
            ConditionCPUFeature ConditionCPUPressure ConditionCPUs ConditionCapability ConditionControlGroupController
            ConditionCredential ConditionDirectoryNotEmpty ConditionEnvironment ConditionFileIsExecutable
            ConditionFileNotEmpty ConditionFirmware ConditionFirstBoot ConditionGroup ConditionHost
            ConditionIOPressure ConditionKernelCommandLine ConditionKernelVersion ConditionMemory
            ConditionMemoryPressure ConditionNeedsUpdate ConditionOSRelease ConditionPathExists
            ConditionPathExistsGlob ConditionPathIsDirectory ConditionPathIsEncrypted ConditionPathIsMountPoint
            ConditionPathIsReadWrite ConditionPathIsSymbolicLink ConditionSecurity ConditionUser
            ConditionVirtualization Conflicts DefaultDependencies Description Documentation FailureAction
            FailureActionExitStatus IgnoreOnIsolate JobRunningTimeoutSec JobTimeoutAction JobTimeoutRebootArgument
            JobTimeoutSec JoinsNamespaceOf OnFailure OnFailureIsolate OnFailureJobMode OnSuccess OnSuccessJobMode
            PartOf PropagateReloadFrom PropagateReloadTo PropagatesReloadTo PropagatesStopTo RebootArgument
            RefuseManualStart RefuseManualStop ReloadPropagatedFrom Requires RequiresMountsFor RequiresOverridable
            Requisite RequisiteOverridable SourcePath StartLimitAction StartLimitBurst StartLimitInterval
            StartLimitIntervalSec StopPropagatedFrom StopWhenUnneeded SuccessAction SuccessActionExitStatus
            SurviveFinalKillSignal Upholds Wants WantsMountsFor
            """
        ),
        ["Service"] = Words(
            """
            AllowedCPUs AllowedMemoryNodes AmbientCapabilities AppArmorProfile BPFDelegateAttachments
            BPFDelegateCommands BPFDelegateMaps BPFDelegatePrograms BPFProgram BindLogSockets BindPaths
            BindReadOnlyPaths BlockIOAccounting BlockIODeviceWeight BlockIOReadBandwidth BlockIOWeight
            BlockIOWriteBandwidth BusName CPUAccounting CPUAffinity CPUQuota CPUQuotaPeriodSec CPUSchedulingPolicy
            CPUSchedulingPriority CPUSchedulingResetOnFork CPUShares CPUWeight CacheDirectory CacheDirectoryMode
            CapabilityBoundingSet ConfigurationDirectory ConfigurationDirectoryMode CoredumpFilter CoredumpReceive
            DefaultMemoryLow DefaultMemoryMin DefaultStartupMemoryLow Delegate DelegateNamespaces DelegateSubgroup
            DeviceAllow DevicePolicy DisableControllers DynamicUser Environment EnvironmentFile ExecCondition
            ExecPaths ExecReload ExecReloadPost ExecSearchPath ExecStart ExecStartPost ExecStartPre ExecStop
            ExecStopPost ExitType ExtensionDirectories ExtensionImagePolicy ExtensionImages FailureAction
            FileDescriptorStoreMax FileDescriptorStorePreserve FinalKillSignal Group GuessMainPID IOAccounting
            IODeviceLatencyTargetSec IODeviceWeight IOReadBandwidthMax IOReadIOPSMax IOSchedulingClass
            IOSchedulingPriority IOWeight IOWriteBandwidthMax IOWriteIOPSMax IPAccounting IPAddressAllow IPAddressDeny
            IPCNamespacePath IPEgressFilterPath IPIngressFilterPath IgnoreSIGPIPE ImportCredential
            InaccessibleDirectories InaccessiblePaths KeyringMode KillMode KillSignal LimitAS LimitCORE LimitCPU
            LimitDATA LimitFSIZE LimitLOCKS LimitMEMLOCK LimitMSGQUEUE LimitNICE LimitNOFILE LimitNPROC LimitRSS
            LimitRTPRIO LimitRTTIME LimitSIGPENDING LimitSTACK LoadCredential LoadCredentialEncrypted LockPersonality
            LogExtraFields LogFilterPatterns LogLevelMax LogNamespace LogRateLimitBurst LogRateLimitIntervalSec
            LogsDirectory LogsDirectoryMode ManagedOOMMemoryPressure ManagedOOMMemoryPressureDurationSec
            ManagedOOMMemoryPressureLimit ManagedOOMPreference ManagedOOMSwap MemoryAccounting MemoryDenyWriteExecute
            MemoryHigh MemoryKSM MemoryLimit MemoryLow MemoryMax MemoryMin MemoryPressureThresholdSec
            MemoryPressureWatch MemorySwapMax MemoryZSwapMax MemoryZSwapWriteback MountAPIVFS MountFlags
            MountImagePolicy MountImages NFTSet NUMAMask NUMAPolicy NetworkNamespacePath Nice NoExecPaths
            NoNewPrivileges NonBlocking NotifyAccess OOMPolicy OOMScoreAdjust OpenFile PAMName PIDFile PassEnvironment
            PermissionsStartOnly Personality PrivateBPF PrivateDevices PrivateIPC PrivateMounts PrivateNetwork
            PrivatePIDs PrivateTmp PrivateUsers ProcSubset ProtectClock ProtectControlGroups ProtectHome
            ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem
            ReadOnlyDirectories ReadOnlyPaths ReadWriteDirectories ReadWritePaths RebootArgument ReloadSignal
            RemainAfterExit RemoveIPC Restart RestartForceExitStatus RestartKillSignal RestartMaxDelaySec RestartMode
            RestartPreventExitStatus RestartSec RestartSteps RestrictAddressFamilies RestrictFileSystems
            RestrictNamespaces RestrictNetworkInterfaces RestrictRealtime RestrictSUIDSGID RootDirectory
            RootDirectoryStartOnly RootEphemeral RootHash RootHashSignature RootImage RootImageOptions RootImagePolicy
            RootVerity RuntimeDirectory RuntimeDirectoryMode RuntimeDirectoryPreserve RuntimeMaxSec
            RuntimeRandomizedExtraSec SELinuxContext SecureBits SendSIGHUP SendSIGKILL SetCredential
            SetCredentialEncrypted SetLoginEnvironment Slice SmackProcessLabel SocketBindAllow SocketBindDeny Sockets
            StandardError StandardInput StandardInputData StandardInputText StandardOutput StartLimitAction
            StartLimitBurst StartLimitInterval StartupAllowedCPUs StartupAllowedMemoryNodes StartupBlockIOWeight
            StartupCPUShares StartupCPUWeight StartupIOWeight StartupMemoryHigh StartupMemoryLow StartupMemoryMax
            StartupMemorySwapMax StartupMemoryZSwapMax StateDirectory StateDirectoryMode SuccessExitStatus
            SupplementaryGroups SyslogFacility SyslogIdentifier SyslogLevel SyslogLevelPrefix SystemCallArchitectures
            SystemCallErrorNumber SystemCallFilter SystemCallLog TTYColumns TTYPath TTYReset TTYRows TTYVHangup
            TTYVTDisallocate TasksAccounting TasksMax TemporaryFileSystem TimeoutAbortSec TimeoutCleanSec TimeoutSec
            TimeoutStartFailureMode TimeoutStartSec TimeoutStopFailureMode TimeoutStopSec TimerSlackNSec Type UMask
            USBFunctionDescriptors USBFunctionStrings UnsetEnvironment User UserNamespacePath UtmpIdentifier UtmpMode
            WatchdogSec WatchdogSignal WorkingDirectory
            """
        ),
        ["Install"] = Words(
            """
            Alias Also DefaultInstance RequiredBy UpheldBy WantedBy
            """
        ),
    };

    /// <summary>Whether systemd knows a key; keys that begin with <c>X-</c> are anybody's, and so are those of other
    /// sections.</summary>
    public static bool AreKnown(string section, string key) =>
        key.StartsWith("X-", StringComparison.Ordinal)
        || !s_keys.TryGetValue(section, out HashSet<string>? known)
        || known.Contains(key);

    public static IReadOnlyCollection<string> Of(string section) => s_keys[section];

    private static HashSet<string> Words(string text) =>
        new(text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
}
